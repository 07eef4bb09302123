"""Checked work: which results another host computes, too, whether two agree, and which hosts are wrong. Pure."""
