/** An error of the connection itself, in the shape of the driver's and the socket's own: told apart by its code. */
export function connectionError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
