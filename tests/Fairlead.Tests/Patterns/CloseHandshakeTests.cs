using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Tests.Patterns;

/// <summary>How a link ends, and what that means for sent messages, without a connection.</summary>
public sealed class CloseHandshakeTests
{
    private CloseHandshake _close;

    [Fact]
    public void A_side_that_stops_sends_its_close_once()
    {
        Assert.True(_close.IsOpen);
        Assert.False(_close.IsWordDue);
        _close.Stop();
        Assert.False(_close.IsOpen);
        Assert.True(_close.IsWordDue);
        _close.NoteSaid();
        Assert.True(_close.HasSaid);
        Assert.False(_close.IsWordDue);
        _close.Stop();
        Assert.True(_close.HasSaid);
        Assert.False(_close.IsWordDue);
    }

    [Fact]
    public void A_killed_link_sends_no_orderly_close()
    {
        Assert.True(_close.TryKill(CloseReason.SlowConsumer, "too slow"));
        _close.Stop();
        Assert.False(_close.IsWordDue);
        Assert.True(_close.IsKilled);
        Assert.False(_close.TryKill(CloseReason.Heartbeat, "silent"));
        Assert.Equal(new LinkEnd(CloseReason.SlowConsumer, "too slow"), End());
    }

    [Fact]
    public void The_reason_of_this_side_takes_precedence_over_the_reason_of_the_peer()
    {
        _close.Hear(CloseReason.ClosedByPeer, null, isFinal: true);
        Assert.True(_close.TryKill(CloseReason.Limit, "too long"));
        Assert.Equal(CloseReason.Limit, End().Reason);
    }

    [Fact]
    public void A_final_close_makes_the_end_exact()
    {
        Assert.Equal(CloseReason.ClosedByPeer, _close.EndInOrder().Reason);
        Assert.False(_close.IsFinal);
        _close.Hear(CloseReason.ClosedByPeer, "bye", isFinal: true);
        Assert.True(_close.IsFinal);
        Assert.Equal(CloseReason.ClosedByPeer, _close.TheirReason);
        Assert.Equal(new LinkEnd(CloseReason.ClosedByPeer, "bye") { IsExact = true }, _close.EndInOrder());
    }

    [Fact]
    public void A_close_that_is_not_final_makes_the_end_as_exact_as_what_was_read()
    {
        _close.Hear(CloseReason.ProtocolError, "what was that", isFinal: false);
        Assert.False(_close.IsFinal);
        Assert.Equal(new LinkEnd(CloseReason.ProtocolError, "what was that") { HasReadAll = true }, End(isOrderly: false, isLocal: true));
        Assert.Equal(new LinkEnd(CloseReason.ProtocolError, "what was that") { HasReadAll = true }, End(isOrderly: true, isLocal: false));
        Assert.Equal(new LinkEnd(CloseReason.ProtocolError, "what was that"), End(isOrderly: false, isLocal: false));
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    public void Everything_of_a_dead_peer_was_read_if_it_is_local_or_the_connection_ended_orderly(
        bool isOrderly,
        bool isLocal,
        bool hasReadAll
    ) => Assert.Equal(new LinkEnd(CloseReason.PeerDied, null) { HasReadAll = hasReadAll }, End(isOrderly: isOrderly, isLocal: isLocal));

    [Fact]
    public void The_end_reports_that_the_peer_died_in_the_middle_of_a_message() =>
        Assert.Equal("it died in the middle of a message", End(hasPart: true).Text);

    [Fact]
    public void A_foreign_peer_closes_by_the_end_of_the_stream()
    {
        Assert.Equal(new LinkEnd(CloseReason.ClosedByPeer, null) { IsExact = true }, End(isBare: true, isOrderly: true));
        Assert.Equal(new LinkEnd(CloseReason.PeerDied, null), End(isBare: true, isOrderly: false));
    }

    [Fact]
    public void An_end_during_the_handshake_is_exact() => Assert.True(End(isHandshaking: true).IsExact);

    private LinkEnd End(
        bool isBare = false,
        bool isHandshaking = false,
        bool isOrderly = true,
        bool isLocal = true,
        bool hasPart = false) => _close.EndOf(isBare, isHandshaking, isOrderly, isLocal, hasPart);
}
