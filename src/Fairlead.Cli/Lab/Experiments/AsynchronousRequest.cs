namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Type 3: several requests are in flight, and their replies come in any order.</summary>
internal sealed class AsynchronousRequest : Experiment
{
    private const string Address = "unix://worker";

    public override string Name => "asynchronous-request";

    public override string Question => "Type 3: can a client do something else until the reply comes?";

    public override string Watch => "Three requests are in flight at the same time. The server answers the last one first.";

    public override IReadOnlyList<Role> Roles => [Role.Async("server", ServeAsync), Role.Async("client", AskAsync)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess server = director.Start("server");
        await server.ReachesAsync("bound");
        ActorProcess client = director.Start("client");
        long worked = await client.ReachesAsync("worked");
        await server.PassAsync("all asked");
        long replied = await client.ReachesAsync("replied");
        await client.FinishesAsync();
        await server.FinishesAsync();
        director.Claim(
            "The client worked while its requests were in flight.",
            worked < replied,
            $"it had done its own work {(replied - worked) / 1e6:0.0} ms before the last reply");
        director.Claim(
            "Each reply met its request, although the replies came in another order.",
            client.Fact("replies") == "3 → 9, 2 → 4, 1 → 1",
            client.Fact("replies"));
    }

    private static async Task ServeAsync(Actor actor)
    {
        using Responder responder = Responder.Bind(Address);
        actor.Says($"is bound to {Address}");
        actor.Reaches("bound");
        List<Request> requests = [];
        while (requests.Count < 3)
        {
            Request request = await responder.ReceiveAsync();
            actor.Receives($"{request.Text}²?");
            requests.Add(request);
        }

        actor.Turn("all asked");
        for (int i = 2; i >= 0; i--)
        {
            using Request request = requests[i];
            int number = int.Parse(request.Text, System.Globalization.CultureInfo.InvariantCulture);
            actor.Sends($"{number * number}");
            request.Reply($"{number * number}");

            // The next reply leaves when the client has this one, for a chart that shows the order.
            using Request seen = await responder.ReceiveAsync();
            seen.Reply("");
        }

        await responder.CloseAsync();
    }

    private static async Task AskAsync(Actor actor)
    {
        using Requester requester = Requester.Connect(Address);
        List<string> replies = [];
        List<Task> calls = [];
        for (int i = 1; i <= 3; i++)
        {
            int number = i;
            actor.Sends($"{number}²?");
            calls.Add(TakeAsync(requester.RequestAsync($"{number}").AsTask(), number));
        }

        actor.Says("does something else meanwhile");
        actor.Reaches("worked");
        await Task.WhenAll(calls);
        actor.Fact("replies", string.Join(", ", replies));
        actor.Reaches("replied");

        async Task TakeAsync(Task<Message> call, int number)
        {
            using Message reply = await call;
            actor.Receives(reply.Text);
            replies.Add($"{number} → {reply.Text}");
            using Message seen = await requester.RequestAsync("seen");
        }
    }
}
