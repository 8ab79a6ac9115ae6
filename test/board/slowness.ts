// How many times longer than on the user-mode board things may take on this one, and edges have to be apart: 1 there.
export const SLOWNESS = Number(process.env["VB_SLOWNESS"] ?? 1);
