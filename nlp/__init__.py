"""What the bot understands: requests, dangers and places in Chinese group chat, from words alone."""
