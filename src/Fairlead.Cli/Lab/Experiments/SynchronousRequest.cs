namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Type 4: the client's thread sleeps until the reply.</summary>
internal sealed class SynchronousRequest : Experiment
{
    private const string Address = "unix://calculator";

    public override string Name => "synchronous-request";

    public override string Question => "Type 4: what does a client do until the reply comes?";

    public override string Watch => "The client's thread sleeps in the kernel, and uses no processor time, until the server answers.";

    public override IReadOnlyList<Role> Roles => [new("server", Serve), new("client", Ask)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess server = director.Start("server");
        await server.ReachesAsync("bound");
        ActorProcess client = director.Start("client");
        await server.ReachesAsync("asked");
        string place = await client.SleepsAsync();
        bool hadReturned = client.HasReached("answered");
        server.Go("asked");
        long replied = await server.ReachesAsync("replied");
        long answered = await client.ReachesAsync("answered");
        await client.FinishesAsync();
        await server.FinishesAsync();
        director.Claim("The client slept until the reply.", !hadReturned && answered > replied, $"it slept in {place}");
        director.Claim("It has the reply.", client.Fact("reply") == "5", $"2 + 3 = {client.Fact("reply")}");
    }

    private static void Serve(Actor actor)
    {
        using Responder responder = Responder.Bind(Address);
        actor.Says($"is bound to {Address}");
        actor.Reaches("bound");
        using (Request request = responder.Receive())
        {
            actor.Receives(request.Text);
            actor.Turn("asked");
            actor.Reaches("replied");
            actor.Sends("5");
            request.Reply("5");
        }

        responder.Close();
    }

    private static void Ask(Actor actor)
    {
        using Requester requester = Requester.Connect(Address);
        actor.Sends("2 + 3");
        Message reply;
        using (actor.Waits("for the reply", "has a reply"))
        {
            reply = requester.Request("2 + 3");
        }

        using (reply)
        {
            actor.Receives(reply.Text);
            actor.Fact("reply", reply.Text);
            actor.Reaches("answered");
        }
    }
}
