using Fairlead.Time;

namespace Fairlead.Tests;

public sealed class AddressOptionsTests
{
    private enum Full
    {
        Wait,
        DropOldest,
        DropNewest,
    }

    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("0", 0)]
    [InlineData("12B", 12)]
    [InlineData("64KiB", 65536)]
    [InlineData("64kib", 65536)]
    [InlineData("1MiB", 1048576)]
    [InlineData("3GiB", 3221225472)]
    [InlineData("64kB", 64000)]
    [InlineData("1MB", 1000000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_read(string text, long bytes) => Assert.Equal(bytes, At(text).Size("o"));

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("-1")]
    [InlineData("1.5MiB")]
    [InlineData("1 MiB")]
    [InlineData("1TiB")]
    [InlineData("many")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999GiB")]
    [InlineData("18446744073709551615GiB")]
    public void An_invalid_size_is_refused(string text) => AssertRefused(text, address => address.Size("o"));

    [Fact]
    public void A_size_out_of_bounds_names_the_bounds() =>
        Assert.Contains(
            "write 4KiB to 1GiB", AssertRefused("1", address => address.Size("o", 4096, 1 << 30)), StringComparison.Ordinal);

    [Theory]
    [InlineData("5s", 5_000)]
    [InlineData("100ms", 100)]
    [InlineData("1.5s", 1_500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("infinite", -1)]
    public void Durations_are_read(string text, int milliseconds) => Assert.Equal(milliseconds.Milliseconds(), At(text).Duration("o"));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1S")]
    [InlineData("1 s")]
    [InlineData("1e3s")]
    [InlineData("9999999999999999999999999999d")]
    [InlineData("99999999999999999999999999999999999d")]
    public void An_invalid_duration_is_refused(string text) => AssertRefused(text, address => address.Duration("o"));

    [Fact]
    public void An_infinite_duration_is_refused_unless_it_is_allowed() =>
        AssertRefused("infinite", address => address.Duration("o", allowInfinite: false));

    [Theory]
    [InlineData("drop-oldest")]
    public void Enumerations_are_written_with_hyphens(string text) => Assert.Equal(Full.DropOldest, At(text).Enum<Full>("o"));

    [Theory]
    [InlineData("drop-oldes", "did you mean 'drop-oldest'?")]
    [InlineData("DropOldest", "Allowed: wait, drop-oldest, drop-newest")]
    [InlineData("1", "Allowed: wait, drop-oldest, drop-newest")]
    public void An_unknown_enumeration_value_is_refused_with_the_reason(string text, string reason) =>
        Assert.Contains(reason, AssertRefused(text, address => address.Enum<Full>("o")), StringComparison.Ordinal);

    [Fact]
    public void Switches_and_numbers_are_read()
    {
        Assert.True(At("yes").Bool("o"));
        Assert.False(At("0").Bool("o"));
        AssertRefused("maybe", address => address.Bool("o"));
        Assert.Equal(-3, At("-3").Int("o", min: -5));
        Assert.Contains("from 1 to 10", AssertRefused("11", address => address.Int("o", 1, 10)), StringComparison.Ordinal);
        AssertRefused("1.0", address => address.Int("o"));
    }

    [Fact]
    public void A_missing_option_is_null()
    {
        Address address = "unix://a";

        Assert.Null(address.Size("o"));
        Assert.Null(address.Duration("o"));
        Assert.Null(address.Int("o"));
        Assert.Null(address.Bool("o"));
        Assert.Null(address.Enum<Full>("o"));
    }

    [Fact]
    public void An_unknown_option_is_an_error_that_names_the_nearest()
    {
        Address address = "unix://a?wait=1s&capcity=1MiB";

        var refused = Assert.Throws<AddressFormatException>(() => address.RequireKnown(["wait", "capacity"]));

        Assert.Equal(
            "unix://a?wait=1s&capcity=1MiB: unknown option 'capcity'; did you mean 'capacity'? Here unix accepts: capacity, wait",
            refused.Message);
        address.RequireKnown(["wait", "capcity"]);
        address.RequireKnown(["wait"], "capcity");
    }

    private static Address At(string value) => Address.Parse("unix://a").With("o", value);

    private static string AssertRefused(string value, Func<Address, object?> read)
    {
        var message = Assert.Throws<AddressFormatException>(() => read(At(value))).Message;
        Assert.Contains("option 'o'", message, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", message, StringComparison.Ordinal);
        return message;
    }
}
