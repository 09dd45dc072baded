"""What a cooperative model would say with nothing scripted: prose, tool calls, JSON."""
