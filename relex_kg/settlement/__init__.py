"""Settling: bringing names, entities and facts in line with the documents, at the cost of what changed.

Three things are done until none is left (:mod:`relex_kg.settlement.run`), each in transactions of bounded size
(:mod:`relex_kg.graph.settling`):

* *count* (:mod:`relex_kg.settlement.names`): add what documents changed among names, and part the names around those
  whose forms changed into entities;
* *move* and *link* (:mod:`relex_kg.settlement.links`): let mentions follow a name that went to another entity, document
  by document; let the mentions of counted documents refer to their names' entities, and their relations support facts.

Another resolver (:mod:`relex_kg.settlement.sweep`) goes through everything, in batches.
"""
