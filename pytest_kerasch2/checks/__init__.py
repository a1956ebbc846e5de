"""What checks share: faults, capture, properties, workflow, workarounds."""
