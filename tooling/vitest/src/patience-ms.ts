/** How long tests wait for what is to come: it comes within milliseconds, unless the machine is busy with something else. */
export const patienceMs = 20_000;
