MATCH (e:Entity)
WITH e ORDER BY e.mentions DESC, e.name
WITH e.type AS type, count(e) AS entities, sum(e.mentions) AS mentions, collect(e.name)[..4] AS examples
RETURN type, entities, mentions, examples
ORDER BY entities DESC
