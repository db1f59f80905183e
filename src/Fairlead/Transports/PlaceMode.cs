namespace Fairlead.Transports;

/// <summary>The permissions of a socket file or FIFO, by <c>?mode=</c> or <c>?scope=</c>.</summary>
internal static class PlaceMode
{
    public static readonly string[] Options = ["mode", "scope"];

    /// <summary>Returns the file mode: for this user only, unless the address asks for a wider scope.</summary>
    /// <exception cref="AddressFormatException">The option is malformed.</exception>
    public static uint Of(Address address)
    {
        if (address.Option("mode") is { } mode)
        {
            try
            {
                uint value = Convert.ToUInt32(mode, 8);
                return value <= 0b111_111_111 ? value : throw new OverflowException();
            }
            catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
            {
                throw new AddressFormatException(
                    address.ToString(), $"option 'mode' cannot be '{mode}'. Write three octal digits, such as mode=660.");
            }
        }

        return address.Option("scope") switch
        {
            null or "user" => 0b110_000_000,
            "group" => 0b110_110_000,
            "machine" => 0b110_110_110,
            string other => throw new AddressFormatException(
                address.ToString(), $"option 'scope' cannot be '{other}'. Use user, group or machine."),
        };
    }
}
