/** The tenant of whoever names none: the development key's, and a first key's. */
export const defaultTenant = "default";
