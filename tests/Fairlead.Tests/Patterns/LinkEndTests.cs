using Fairlead.Patterns.Links;

namespace Fairlead.Tests.Patterns;

public sealed class LinkEndTests
{
    [Theory]
    [InlineData("unix://orders", "Connect again when the peer is back")]
    [InlineData("fd://3", "A descriptor that was inherited cannot be connected again: start this process anew")]
    public void What_to_do_can_be_done(string address, string whatToDo)
    {
        var error = new LinkEnd(CloseReason.PeerDied, null).ToException(address);

        Assert.Equal(ErrorCode.PeerGone, error.Code);
        Assert.Equal(whatToDo, error.WhatToDo);
    }
}
