namespace Fairlead.RabbitMQ.Tests.Contracts;

/// <summary>A connection through the running broker, between two ends that see each other: hubs and pairs.</summary>
internal sealed class TunnelUnderTest : TransportUnderTest
{
    /// <summary>Skips the test if the broker is not installed.</summary>
    public TunnelUnderTest()
    {
        if (Broker.Missing is { } reason)
        {
            Assert.Skip(reason);
        }
    }

    public override string Name => "amqp, connections";

    public override bool IsNetwork => true;

    public override bool KnowsPeer => false;

    public override bool ConnectsSenders => false;

    public override bool ShowsSilentPeers => false;

    public override bool AllocatesNothing => false;

    public override int ManyConnections => 20;

    public override IReadOnlyList<string> OptionsOfBothEnds { get; } = ["name"];

    public override Address NewPlace() => $"amqp://{Broker.Node}/?name={NewName()}";
}
