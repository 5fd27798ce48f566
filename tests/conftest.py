from hypothesis import settings

pytest_plugins = ["support.cluster"]

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
