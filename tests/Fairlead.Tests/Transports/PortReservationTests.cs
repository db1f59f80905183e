using System.Globalization;

namespace Fairlead.Tests.Transports;

[SlowRun]
public sealed class PortReservationTests
{
    [Fact]
    public void A_reserved_port_cannot_be_bound_by_others()
    {
        using PortReservation reservation = PortReservation.Tcp(3);
        Assert.Equal(3, reservation.Ports.Distinct().Count());
        foreach (int port in reservation.Ports)
        {
            Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => Receiver.Bind(Tcp("127.0.0.1", port))).Code);
            Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => Sender.Connect(Tcp("127.0.0.1", port))).Code);
            Assert.Equal(
                ErrorCode.Unavailable, Assert.Throws<FairleadException>(() => PortReservation.Tcp(range: (port, port))).Code);
        }

        reservation.Dispose();
        using Receiver receiver = Receiver.Bind(Tcp("127.0.0.1", reservation.Ports[0]));
    }

    [Fact]
    public void A_port_bound_on_one_interface_is_not_free()
    {
        using Receiver receiver = Receiver.Bind("tcp://127.0.0.1:0");
        int taken = receiver.Address.Port!.Value;
        Assert.Throws<FairleadException>(() => PortReservation.Tcp(range: (taken, taken)));

        // A number for each protocol.
        using Receiver datagrams = Receiver.Bind("udp://127.0.0.1:0?framing=none");
        int other = datagrams.Address.Port!.Value;
        FairleadException error = Assert.Throws<FairleadException>(() => PortReservation.Udp(range: (other, other)));
        Assert.Contains("0 of 1 ports are free", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reservation_stays_within_its_range_which_is_checked()
    {
        using PortReservation any = PortReservation.Udp(2, (20_000, 29_999));
        Assert.All(any.Ports, static port => Assert.InRange(port, 20_000, 29_999));
        Assert.Throws<ArgumentOutOfRangeException>(() => PortReservation.Tcp(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PortReservation.Tcp(1, (0, 5)));
        Assert.Throws<ArgumentOutOfRangeException>(() => PortReservation.Tcp(1, (5, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => PortReservation.Tcp(1, (5, 65_536)));
    }

    private static string Tcp(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"tcp://{host}:{port}");
}
