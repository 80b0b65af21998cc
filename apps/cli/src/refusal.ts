/** Why a command can't go on. The message is all that its user needs: what is wrong, and what to do. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
