"""What the bot remembers: one file per noun, each a table with its rules and queries."""
