// Loaded before a program under test: when the test run is gone, however it went, its end of the channel closes and the program ends.
process.channel?.unref();
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
