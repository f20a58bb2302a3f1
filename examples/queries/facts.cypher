// The two best-supported facts of each relation
MATCH (h:Entity)-[f]->(t:Entity)
WITH h, f, t ORDER BY f.documents DESC, f.support DESC, f.confidence DESC, h.name, t.name
WITH type(f) AS relation,
     collect({head: h.name, tail: t.name, support: f.support, documents: f.documents, confidence: f.confidence}) AS facts
UNWIND facts[..2] AS fact
RETURN fact.head AS head, relation, fact.tail AS tail, fact.support AS support, fact.documents AS documents,
       round(fact.confidence * 100) / 100.0 AS confidence
ORDER BY documents DESC, support DESC, confidence DESC, head, tail
LIMIT 20
