/** What DBOS stores as the topic of a message without one. */
export const nullTopic = "__null__topic__";
