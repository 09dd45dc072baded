"""Time and network that exist in one process only: a program, its SDKs and the fakes run in one
event loop whose clock jumps. Nothing here knows what is served; `world` alone knows the fakes."""
