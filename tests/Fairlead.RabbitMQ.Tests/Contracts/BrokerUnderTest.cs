namespace Fairlead.RabbitMQ.Tests.Contracts;

/// <summary>
/// A queue, or an exchange, of the running broker. Each end talks with the broker, and does not see the other end.
/// </summary>
internal sealed class BrokerUnderTest : TransportUnderTest
{
    /// <summary>Skips the test if the broker is not installed.</summary>
    public BrokerUnderTest()
    {
        if (Broker.Missing is { } reason)
        {
            Assert.Skip(reason);
        }
    }

    public override string Name => "amqp";

    public override bool IsNetwork => true;

    public override bool HasPeers => false;

    public override bool KnowsPeer => false;

    public override bool WantsReceipts => true;

    public override bool TakesBack => false;

    /// <summary>The default of <c>?prefetch=</c>.</summary>
    public override int MostHeld => 256;

    public override bool ConnectsPairs => false;

    public override bool AllocatesNothing => false;

    public override IReadOnlyList<string> OptionsOfBothEnds { get; } = ["maxmessage", "name"];

    public override Address NewPlace() => $"amqp://{Broker.Node}/?name={NewName()}";
}
