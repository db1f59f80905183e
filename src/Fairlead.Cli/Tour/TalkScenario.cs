namespace Fairlead.Cli.Tour;

/// <summary>A communication type or model, played by one role that binds and others that connect.</summary>
internal abstract class TalkScenario : Scenario
{
    /// <summary>How long a peer may take to introduce itself, on a machine that is busy with the other processes.</summary>
    protected static readonly TimeSpan IntroductionTime = TimeSpan.FromSeconds(60);

    /// <summary>The options of an endpoint whose peers get this time.</summary>
    protected static readonly EndpointOptions Patient = new() { HandshakeTimeout = IntroductionTime };

    /// <summary>Whether nothing comes back, not even a receipt.</summary>
    public virtual bool IsOneWay => false;

    /// <summary>Returns why the scenario does not go over a transport that could carry it; null if it does.</summary>
    public virtual string? Refusal(string scheme) => null;

    /// <summary>Binds at the address, plays, closes.</summary>
    public abstract Task BindAsync(Stage stage, Address address);

    /// <summary>Connects to the address as number <paramref name="seat"/> (from 1 on), plays, closes.</summary>
    public abstract Task JoinAsync(Stage stage, Address address, int seat);

    public sealed override Task PlayAsync(Stage stage, string place, int seat) =>
        seat == 0 ? BindAsync(stage, place) : JoinAsync(stage, place, seat);

    public sealed override string RoleOf(int seat) => seat == 0 ? "the binding end" : $"connecting end {seat}";
}
