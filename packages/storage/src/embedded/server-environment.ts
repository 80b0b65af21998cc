/** The whole environment of the server and of what starts it: nothing of ours leaks into it, and its messages are in English. */
export const serverEnvironment: NodeJS.ProcessEnv = { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin", TZ: "UTC" };
