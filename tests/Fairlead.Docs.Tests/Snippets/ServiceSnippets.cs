namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/services.md</summary>
public sealed class ServiceSnippets
{
    [Fact]
    public void Ports_are_reserved()
    {
        using PortReservation reservation = PortReservation.Tcp(count: 2, range: (5000, 5999));
        foreach (int port in reservation.Ports)
        {
            Console.WriteLine(port);
        }

        Assert.All(reservation.Ports, static port => Assert.InRange(port, 5000, 5999));
    }
}
