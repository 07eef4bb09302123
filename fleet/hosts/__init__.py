"""Support for worker hosts: invitations, certificates, Redis users, secrets, systemd units."""
