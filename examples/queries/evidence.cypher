// The fact that most documents state; every sentence that states it, with [head] and {tail} marked
MATCH (h:Entity)-[f]->(t:Entity)
WITH h, f, t ORDER BY f.documents DESC, f.support DESC, f.confidence DESC, h.name, t.name LIMIT 1
MATCH (v:Evidence {fact: f.id})-[:IN_CHUNK]->(c:Chunk)<-[:HAS_CHUNK]-(d:Document)
MATCH (v)-[:HEAD]->(a:Mention)
MATCH (v)-[:TAIL]->(b:Mention)
WITH h, f, t, v, c, d, a, b,
     CASE WHEN a.start < b.start THEN a ELSE b END AS first,
     CASE WHEN a.start < b.start THEN b ELSE a END AS last
RETURN h.name + ' ' + type(f) + ' ' + t.name AS fact,
       '…' + substring(c.text, CASE WHEN first.start - c.start > 40 THEN first.start - c.start - 40 ELSE 0 END,
                       CASE WHEN first.start - c.start > 40 THEN 40 ELSE first.start - c.start END)
       + CASE WHEN first.id = a.id THEN '[' + first.text + ']' ELSE '{' + first.text + '}' END
       + substring(c.text, first.end - c.start, last.start - first.end)
       + CASE WHEN last.id = a.id THEN '[' + last.text + ']' ELSE '{' + last.text + '}' END
       + substring(c.text, last.end - c.start, 40) + '…' AS said,
       d.title AS document, round(v.score * 100) / 100.0 AS score
ORDER BY score DESC, document
