"""`python -m fakeservers` is `llmsim serve`."""

from .command import serve

if __name__ == "__main__":
    serve(prog_name="python -m fakeservers")
