from featuregen.importing.imported import Imported


def import_code() -> Imported:
    raise NotImplementedError
