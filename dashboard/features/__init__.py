"""What the units of a CNN respond to: channels, patches, optimised pictures. Pure."""
