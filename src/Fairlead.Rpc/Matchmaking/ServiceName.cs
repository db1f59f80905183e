namespace Fairlead.Rpc;

/// <summary>The names of services.</summary>
internal static class ServiceName
{
    private const int MaxLength = 64;

    /// <summary>Whether a text is an address; otherwise it is the name of a service.</summary>
    public static bool IsAddress(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return text.Contains("://", StringComparison.Ordinal);
    }

    /// <exception cref="ArgumentException">It cannot be the name of a service.</exception>
    public static string Check(string name)
    {
        if (name.Length > MaxLength || !name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-'))
        {
            throw new ArgumentException(
                $"'{name}' is not a name of a service; use at most {MaxLength} letters, digits, '.', '_' and '-', or write an address",
                nameof(name));
        }

        return name;
    }
}
