// The surest facts, two of each relation, and what is said of few things before what is said of many
MATCH (h:Entity)-[f]->(t:Entity)
WITH h, f, t ORDER BY f.confidence DESC, f.support DESC, h.name, t.name
WITH type(f) AS relation, count(f) AS stated,
     collect({head: h.name, tail: t.name, support: f.support, documents: f.documents, confidence: f.confidence}) AS facts
UNWIND facts[..2] AS fact
WITH relation, stated, fact WHERE fact.confidence >= 0.8
RETURN fact.head AS head, relation, fact.tail AS tail, fact.support AS support, fact.documents AS documents,
       round(fact.confidence * 100) / 100.0 AS confidence
ORDER BY stated, relation, confidence DESC, head, tail
LIMIT 30
