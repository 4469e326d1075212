"""The protocols that clients of other model servers already speak."""
