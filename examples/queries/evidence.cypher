// The fact that is stated most often, and where: [head] and {tail} marked in the text
MATCH (h:Entity)-[f]->(t:Entity)
WITH h, f, t ORDER BY f.support DESC, f.documents DESC, f.confidence DESC, h.name, t.name LIMIT 1
MATCH (v:Evidence {fact: f.id})-[:IN_CHUNK]->(c:Chunk)<-[:HAS_CHUNK]-(d:Document)
MATCH (v)-[:HEAD]->(a:Mention)
MATCH (v)-[:TAIL]->(b:Mention)
WITH h, f, t, v, c, d, a,
     CASE WHEN a.start < b.start THEN a ELSE b END AS first,
     CASE WHEN a.start < b.start THEN b ELSE a END AS last
WHERE first.start >= c.start // the chunk is that of the later mention
WITH h, f, t, v, d,
     substring(c.text, first.end - c.start, last.start - first.end) AS between,
     CASE WHEN first.id = a.id THEN '[' + first.text + ']' ELSE '{' + first.text + '}' END AS one,
     CASE WHEN last.id = a.id THEN '[' + last.text + ']' ELSE '{' + last.text + '}' END AS other,
     substring(c.text, last.end - c.start, 25) AS after
RETURN h.name + ' ' + type(f) + ' ' + t.name AS fact, d.title AS document,
       one + CASE WHEN size(between) > 70 THEN left(between, 35) + '…' + right(between, 30) ELSE between END + other
       + after + '…' AS said, round(v.score * 100) / 100.0 AS score
ORDER BY score DESC, document, said
LIMIT 5
