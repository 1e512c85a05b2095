print("package first", __name__)
