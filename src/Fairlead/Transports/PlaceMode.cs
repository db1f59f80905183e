namespace Fairlead.Transports;

/// <summary>Who may use a place among the files, by <c>?mode=</c> or <c>?scope=</c>.</summary>
internal static class PlaceMode
{
    public static readonly string[] Options = ["mode", "scope"];

    /// <summary>The file's permissions: the user's alone, unless a wider scope is asked for by name.</summary>
    /// <exception cref="AddressFormatException">The option is ill-formed.</exception>
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
                throw new AddressFormatException(address.ToString(), $"mode={mode} is no file mode. Give three octal digits: mode=660.");
            }
        }

        return address.Option("scope") switch
        {
            null or "user" => 0b110_000_000,
            "group" => 0b110_110_000,
            "machine" => 0b110_110_110,
            string other => throw new AddressFormatException(
                address.ToString(), $"there is no scope '{other}'. Use user, group or machine."),
        };
    }
}
