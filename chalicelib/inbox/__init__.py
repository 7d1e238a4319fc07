"""What waits for somebody: an agent's durable inbox, and a person's."""
