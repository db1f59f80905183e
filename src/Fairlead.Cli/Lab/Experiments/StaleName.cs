using System.Net.Sockets;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A killed server leaves the file of its socket.</summary>
internal sealed class StaleName : Experiment
{
    public override string Name => "stale-name";

    public override string Question => "A server is killed: what becomes of its name?";

    public override string Watch =>
        "The file stays, and bind(2) refuses the name. Fairlead sees that its owner is dead, and takes it over.";

    public override IReadOnlyList<Role> Roles => [new("first", BindBare), new("second", BindBare), new("heir", BindFairlead)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess first = director.Start("first");
        await first.ReachesAsync("bound");
        await first.KillAsync();
        bool isThere = File.Exists(Path.Combine(director.Folder, "name"));
        director.Says(isThere ? "the file of the socket is still there" : "the file of the socket is gone");
        ActorProcess second = director.Start("second");
        await second.ReachesAsync("bound");
        await second.KillAsync();
        ActorProcess third = director.Start("heir", "first owner");
        await third.ReachesAsync("bound");
        await third.KillAsync();
        ActorProcess heir = director.Start("heir");
        await heir.ReachesAsync("bound");
        await heir.KillAsync();
        director.Claim("The file outlives the killed server.", isThere, isThere ? "it exists" : "it does not exist");
        director.Claim("Another server gets EADDRINUSE.", second.Fact("outcome") == "AddressAlreadyInUse", second.Fact("outcome"));
        director.Claim(
            "Fairlead takes the name of a dead owner over.", heir.Fact("outcome") == "bound", $"the second owner: {heir.Fact("outcome")}");
    }

    private static void BindBare(Actor actor)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(actor.Folder, "name")));
            socket.Listen();
            actor.Says("is bound with bind(2)");
            actor.Fact("outcome", "bound");
        }
        catch (SocketException exception)
        {
            actor.Says($"bind(2) fails: {exception.Message}");
            actor.Fact("outcome", exception.SocketErrorCode);
        }

        actor.Turn("bound");
    }

    private static void BindFairlead(Actor actor)
    {
        using Receiver receiver = Receiver.Bind($"unix://{Path.Combine(actor.Folder, "fairlead")}");
        actor.Says("is bound with Fairlead");
        actor.Fact("outcome", "bound");
        actor.Turn("bound");
    }
}
