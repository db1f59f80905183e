using Fairlead.Patterns.Links.Values;

namespace Fairlead.Tests.Patterns;

public sealed class LinkEndTests
{
    [Theory]
    [InlineData("unix://orders", "Connect again when the peer is back")]
    [InlineData("fd://3", "An inherited descriptor cannot be connected again: restart this process")]
    public void What_to_do_can_be_done(string address, string whatToDo)
    {
        var error = new LinkEnd(CloseReason.PeerDied, null).ToException(address);

        Assert.Equal(ErrorCode.PeerGone, error.Code);
        Assert.Equal(whatToDo, error.WhatToDo);
    }
}
