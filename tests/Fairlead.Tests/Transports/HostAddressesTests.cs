namespace Fairlead.Tests.Transports;

/// <summary>Hosts that the system cannot look up.</summary>
public sealed class HostAddressesTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task A_name_that_is_too_long_for_a_host_is_not_found(string scheme)
    {
        Address address = $"{scheme}://{new string('a', 300)}:5242";
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<FairleadException>(async () =>
            await Sender.ConnectAsync(address))).Code);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<FairleadException>(async () =>
            await Receiver.BindAsync(address))).Code);
    }
}
