"""Short stories with the answers for their pronouns, by phenomenon. They are data for `references_written.py` alone.

A line is a story, with " / " between its frames. A pronoun that is scored has its answer after it: "she{Nana}",
"they{Rosa+Milo}", and "it{}" for nobody of the cast. The kinds are the kinds that the literature on coreference tests:
agreement, roles in a clause, binding theory, possessives, cataphora, plurals, implicit causality, things.

The first lines of a kind were used while the rules were written. The lines after "--" were also written before the
rules, but they were scored only when the rules were finished.
"""

from __future__ import annotations

PRONOUNS = {
    "Rosa": "she", "Nana": "she", "Juno": "she", "Milo": "he", "Otto": "he", "Pip": "he", "Toggle": "it", "Sam": "they",
}  # fmt: skip

STORIES = {
    "agreement": """
        Rosa and Milo sit in the park. / She{Rosa} reads while he{Milo} sleeps.
        Otto cooks for Juno. / She{Juno} eats.
        Toggle and Pip stand on the beach. / It{Toggle} waves to him{Pip}.
        Rosa paints. Milo sings. / Then he{Milo} dances.
        Juno meets Otto in the garden. / He{Otto} gives her{Juno} a rose.
        --
        Nana and Pip bake in the kitchen. / He{Pip} holds the bowl and she{Nana} stirs.
        Milo finds Toggle on the beach. / It{Toggle} holds a lamp.
        Juno and Otto wait at the station. / Her{Juno} bag is red and his{Otto} is green.
        Pip calls Nana. / She{Nana} opens the door for him{Pip}.
        """,
    "clause roles": """
        Rosa dances in the park. / Nana hugs her{Rosa}.
        Rosa sits in the kitchen. / Juno brings her{Rosa} soup.
        Milo reads. / Otto gives him{Milo} a hat and waves.
        Milo stands on the beach. / Pip runs to him{Milo} and Otto takes a photo.
        Rosa sleeps. / Nana looks at her{Rosa} and smiles.
        Juno writes. / Rosa watches her{Juno} from the window.
        Nana visits Rosa. / She{Nana} hands her{Rosa} a cake.
        Otto naps. / Milo and Pip wake him{Otto} up.
        Rosa and Milo run in the park. / Otto naps. / They{Rosa+Milo} wake him{Otto} up.
        Juno meets Nana, who hugs her{Juno}.
        --
        Nana is ill. / Juno carries soup to her{Nana}.
        Pip falls. / Milo lifts him{Pip} up and Otto brings a bandage.
        Rosa swims. / When Juno calls her{Rosa}, Nana looks up.
        Otto teaches Pip chess. / He{Otto} shows him{Pip} the queen.
        Rosa hides behind a tree. / Juno and Nana look for her{Rosa}.
        Otto paints a fence. / Pip, who has a brush, helps him{Otto}.
        Milo and Pip build a tent. / Otto arrives. / They{Milo+Pip} show him{Otto} the tent.
        Juno waits outside. / Rosa's dog runs to her{Juno} and Rosa laughs.
        """,
    "her that owns nothing": """
        Rosa dances in the park. / Nana drives her{Rosa} home.
        Rosa reads in the kitchen. / Nana leads her{Rosa} outside.
        Rosa sits in the park. / Nana calls her{Rosa} clever.
        Rosa stands in the kitchen. / Nana lets her{Rosa} stir the soup.
        Juno waves on the beach. / Rosa holds her{Juno} close.
        Rosa sits in the kitchen. / Nana pours her{Rosa} tea.
        Rosa dances in the park. / Nana buys her{Rosa} flowers.
        --
        Juno sleeps in the classroom. / Rosa shakes her{Juno} awake.
        Nana waits at the gate. / Juno walks her{Nana} upstairs.
        Rosa cries. / Nana makes her{Rosa} laugh.
        Juno is thirsty. / Nana brings her{Juno} water.
        Rosa runs along the lane. / Juno follows her{Rosa} everywhere.
        Juno sits on the sofa. / Nana reads her{Juno} stories.
        """,
    "possessive": """
        Rosa dances. / Nana reads her{Nana} book.
        Milo waves to Otto. / He{Milo} takes off his{Milo} cap.
        Rosa follows Milo to his{Milo} house.
        In her{Juno} garden, Juno plants a tree.
        Nana brushes Rosa's hair and Milo finds his{Milo} comb.
        Rosa feeds her{Rosa} cat while Nana naps.
        Rosa and Milo pack their{Rosa+Milo} bags.
        --
        Otto sleeps. / Milo washes his{Milo} bicycle.
        Pip borrows Nana's umbrella and opens it for her{Nana}.
        On his{Otto} birthday, Otto bakes a cake.
        Juno and Pip wash their{Juno+Pip} hands.
        Rosa lends Milo her{Rosa} scarf.
        Nana closes her{Nana} eyes and Juno turns off the light.
        """,
    "reflexive and about oneself": """
        Rosa dances. / Nana looks at herself in the mirror and pats her{Nana} hair.
        Otto reads. / Milo takes Toggle with him{Milo}.
        Rosa sleeps. / Juno puts a bag beside her{Juno} and rests.
        Milo washes himself. / Then he{Milo} dries his{Milo} hands.
        --
        Nana sings. / Rosa pulls a cart behind her{Rosa}.
        Otto naps. / Pip cuts himself and shows his{Pip} thumb.
        Juno carries a lamp with her{Juno}.
        """,
    "cataphora": """
        Rosa reads in the kitchen. / Before she{Nana} leaves, Nana waters the flowers.
        Milo runs in the park. / When he{Otto} wakes up, Otto eats breakfast.
        As she{Juno} walks along the beach, Juno sings.
        Rosa sings. / While she{Nana} cooks, Nana listens to Milo.
        Milo sleeps. / After he{Pip} has eaten, Pip draws.
        Rosa falls in the park. / When she{Rosa} cries, Nana hugs her{Rosa}.
        With a hat on his{Milo} head, Milo dances.
        --
        Otto reads. / Until he{Pip} grew tired, Pip jumped.
        Nana sleeps. / Because she{Rosa} was cold, Rosa lit a fire.
        Juno swims. / If it{} rains, Rosa opens an umbrella.
        Though he{Milo} was hungry, Milo gave Pip the bread.
        Once she{Nana} is home, Nana makes tea for Rosa.
        Pip sleeps. / As soon as he{Otto} arrives, Otto calls Rosa.
        """,
    "plural": """
        Rosa and Milo meet in the park. / They{Rosa+Milo} dance.
        Rosa reads. / Milo joins her{Rosa}. / They{Rosa+Milo} laugh.
        Rosa meets Milo and they{Rosa+Milo} walk home.
        Nana watches Juno and Pip while they{Juno+Pip} play.
        Otto sits. / Rosa and Juno arrive. / They{Rosa+Juno} wave to him{Otto}.
        Rosa, Milo and Pip sit on a bench. / Otto reads to them{Rosa+Milo+Pip}.
        Juno calls Pip. / Nana looks at them{Juno+Pip}.
        --
        Otto and Nana sit in the garden. / Pip runs past them{Otto+Nana}.
        Milo helps Juno with a kite. / They{Milo+Juno} run along the beach.
        Nana has a visitor. / Otto knocks and she{Nana} lets him{Otto} in. / They{Nana+Otto} drink tea.
        Pip and Toggle hide. / Rosa looks for them{Pip+Toggle}.
        Juno and Milo race. / Their{Juno+Milo} shoes are wet.
        """,
    "singular they and everyone": """
        Sam waves. / They{Sam} smile.
        Rosa paints. / Sam sings. / They{Sam} hold a guitar.
        Everyone in the park waves their{} hands.
        Rosa waits. / Somebody leaves their{} umbrella on the bench.
        Milo meets Sam. / He{Milo} gives them{Sam} a hat.
        --
        Sam opens a letter. / Their{Sam} hands shake.
        Nobody forgets their{} coat in winter.
        Rosa and Milo clap. / Everybody sings and raises their{} cup.
        """,
    "things": """
        Toggle waves. / Milo finds a box and opens it{}.
        Toggle waves. / Milo finds a box. / He{Milo} opens it{}.
        Toggle sleeps. / Rosa bakes a cake. / Milo eats it{}.
        Rosa hugs Toggle. / It{Toggle} beeps.
        Rosa picks flowers and gives them{} to Nana.
        Toggle stands in the rain. / It{} rains all day.
        Rosa oils Toggle. / Then she{Rosa} cleans it{Toggle}.
        --
        Toggle reads. / Juno buys a kite. / She{Juno} flies it{} on the beach.
        Toggle and Rosa play. / It{} is late and Nana calls.
        Nana knits socks and Otto wears them{}.
        Pip builds Toggle. / He{Pip} paints it{Toggle} blue.
        Toggle naps. / Otto opens an umbrella. / The wind takes it{}.
        """,
    "who is meant among several": """
        Rosa waves to Nana. / She{Rosa} laughs.
        Milo thanks Otto because he{Otto} has helped.
        Milo apologises to Otto because he{Milo} is late.
        Rosa tells Nana that she{Rosa} has a cold.
        Nana asks Rosa to help her{Nana}.
        Nana sees Rosa wave to her{Nana}.
        Otto teases Pip until he{Pip} cries.
        Juno calls Nana but she{Nana} does not answer.
        Rosa reads. / Nana cooks. / She{Nana} hums.
        --
        Pip admires Otto because he{Otto} is brave.
        Juno frightens Rosa because she{Juno} wears a mask.
        Otto praises Milo because he{Milo} sings well.
        Milo throws a ball to Pip and he{Pip} catches it{}.
        Nana teaches Juno to swim. / She{Nana} is patient.
        Rosa helps Nana carry her{Nana} basket.
        Otto promises Milo to call him{Milo}.
        Juno tells Rosa to wait for her{Juno}.
        """,
    "as stories are told": """
        --
        One rainy morning Rosa found an old map in the attic. / She{Rosa} gave it{} to Milo, who loved it{}.
        Otto had lost his{Otto} glasses again. / Pip found them{} under the sofa and put them{} on.
        Nana was baking when Juno came in from the garden. / Without a word she{Juno} sat down and ate three buns.
        Milo could not sleep, so Otto read him{Milo} a story. / After a while they{Milo+Otto} both snored.
        "Where is my umbrella?" asked Nana. / Rosa pointed at the door, and Nana thanked her{Rosa}.
        Pip climbed the tallest tree in the park. / When Otto saw him{Pip} up there, he{Otto} fetched a ladder.
        Toggle rolled down the hill towards Juno. / She{Juno} caught it{Toggle} just in time.
        Rosa and Juno quarrelled over the last ticket. / In the end Nana gave them{Rosa+Juno} hers{Nana}.
        Although his{Milo} knees hurt, Milo danced with Nana until she{Nana} was tired.
        The train left without Otto. / Milo and Rosa waved to him{Otto} from their{Milo+Rosa} window.
        Juno painted Nana in the garden. / Nana liked the picture so much that she{Nana} kissed her{Juno}.
        Pip wanted to surprise Rosa. / He{Pip} hid behind the sofa and waited for her{Rosa} there.
        Milo carried Pip on his{Milo} shoulders. / From up there he{Pip} could see the sea.
        Nobody had told Otto about the party, so he{Otto} came in his{Otto} pyjamas.
        """,
}
