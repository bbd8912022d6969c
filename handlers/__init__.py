"""What the bot does: plain synchronous functions without platform, network or a clock of their own."""
