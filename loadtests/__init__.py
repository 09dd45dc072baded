"""Load tests of routing under failures, by Locust. They speak HTTP, and start fakes and gateway as
processes; nothing here imports them.

    python -m loadtests run brownout --smoke
"""
