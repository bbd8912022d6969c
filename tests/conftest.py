"""The village: people who talk, a bot that answers, a clock that is set by hand; no network, no sleep."""
