"""Bad manifests: what each says it violates, and every constraint of the schema that one of them has to violate. Pure."""
