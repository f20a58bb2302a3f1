MATCH (h:Entity)-[f]->(t:Entity)
RETURN h.name AS head, type(f) AS relation, t.name AS tail, f.support AS support,
       f.documents AS documents, round(f.confidence * 100) / 100.0 AS confidence
ORDER BY documents DESC, support DESC, confidence DESC, head, tail
LIMIT 12
