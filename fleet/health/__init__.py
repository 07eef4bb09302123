"""What keeps a farm, a miner, a host, the queue or a server from earning, each learnt by its own pace. Pure."""
