"""The protocols that clients of other model servers speak already."""
