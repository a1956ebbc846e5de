"""Why one would use Keras: one interface, composable blocks, helpful error messages, own components."""

SECTION = "Adoption and advantages"
# In the chapter's order: those that hold claims.
MODULES = ("claims", "custom_objects", "error_messages", "wrong_settings")
