"""What other hosts need: invitations, certificates, Redis users, secrets, systemd units."""
