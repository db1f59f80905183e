using Fairlead.Patterns.Links.Values;

namespace Fairlead.Tests.Patterns;

public sealed class LinkEndTests
{
    [Theory]
    [InlineData("unix://orders", "Connect again when the peer is back")]
    [InlineData("fd://3", "An inherited descriptor cannot be connected again: restart this process")]
    public void The_error_of_an_ended_link_recommends_a_possible_action(string address, string whatToDo)
    {
        var error = new LinkEnd(CloseReason.PeerDied, null).ToException(address);

        Assert.Equal(ErrorCode.PeerGone, error.Code);
        Assert.Equal(whatToDo, error.WhatToDo);
    }
}
