using System.Buffers;
using System.Text;

namespace Fairlead.Cli.Chat;

/// <summary>Turns the bytes of a terminal into keys. A key may come in several reads, and several keys in one.</summary>
internal sealed class KeyReader
{
    // Keys have shorter sequences.
    private const int MostParameters = 32;

    private readonly StringBuilder _parameters = new();
    private readonly byte[] _character = new byte[4];
    private int _characterLength;
    private State _state;

    private enum State
    {
        Text,
        Escape,
        Bracket,
        SingleShift,
    }

    /// <summary>Takes one byte. Returns the key that it completes, or none; a text key with its character.</summary>
    public (Key Key, Rune Character) Take(byte value)
    {
        switch (_state)
        {
            case State.Escape:
                _state = value switch
                {
                    (byte)'[' => State.Bracket,
                    (byte)'O' => State.SingleShift,
                    0x1B => State.Escape,
                    _ => State.Text,
                };
                _parameters.Clear();
                return (_state == State.Text ? WithAlt(value) : Key.None, default);
            case State.SingleShift:
                _state = State.Text;
                return (Final((char)value, ""), default);
            case State.Bracket:
                return (InBracket(value), default);
            default:
                return value switch
                {
                    0x1B => Begin(),
                    < 0x20 or 0x7F => (Control(value), default),
                    _ => Character(value),
                };
        }
    }

    private (Key, Rune) Begin()
    {
        _characterLength = 0;
        _state = State.Escape;
        return default;
    }

    private Key InBracket(byte value)
    {
        // Parameters, then intermediate characters, then a final one.
        if (value is >= 0x20 and < 0x40)
        {
            if (_parameters.Length < MostParameters)
            {
                _parameters.Append((char)value);
            }

            return Key.None;
        }

        _state = value == 0x1B ? State.Escape : State.Text;
        return value is >= 0x40 and < 0x7F ? Final((char)value, _parameters.ToString()) : Key.None;
    }

    private static Key Final(char final, string parameters)
    {
        // A modifier stands behind a semicolon: 5 is Ctrl, 3 is Alt.
        var isByWord = parameters.EndsWith(";5", StringComparison.Ordinal) || parameters.EndsWith(";3", StringComparison.Ordinal);
        return (final, parameters.Split(';')[0]) switch
        {
            ('A', _) => Key.Up,
            ('B', _) => Key.Down,
            ('C', _) => isByWord ? Key.WordRight : Key.Right,
            ('D', _) => isByWord ? Key.WordLeft : Key.Left,
            ('H', _) or ('~', "1" or "7") => Key.Home,
            ('F', _) or ('~', "4" or "8") => Key.End,
            ('~', "3") => Key.Delete,
            ('M', _) => Key.Enter,
            _ => Key.None,
        };
    }

    private static Key WithAlt(byte value) => (char)value switch
    {
        'b' => Key.WordLeft,
        'f' => Key.WordRight,
        '\x7F' or '\b' => Key.KillWord,
        _ => Key.None,
    };

    private Key Control(byte value)
    {
        _characterLength = 0;
        return value switch
        {
            0x01 => Key.Home,
            0x02 => Key.Left,
            0x03 => Key.Interrupt,
            0x04 => Key.DeleteOrEnd,
            0x05 => Key.End,
            0x06 => Key.Right,
            0x08 or 0x7F => Key.Backspace,
            0x0A or 0x0D => Key.Enter,
            0x0B => Key.KillToEnd,
            0x0C => Key.Clear,
            0x0E => Key.Down,
            0x10 => Key.Up,
            0x15 => Key.KillToStart,
            0x17 => Key.KillWord,
            0x1A => Key.Suspend,
            0x1C => Key.Quit,
            _ => Key.None,
        };
    }

    /// <summary>Collects the one to four bytes of a character of UTF-8, and drops bytes that do not form one.</summary>
    private (Key, Rune) Character(byte value)
    {
        _character[_characterLength++] = value;
        var status = Rune.DecodeFromUtf8(_character.AsSpan(0, _characterLength), out var character, out _);
        if (status == OperationStatus.NeedMoreData)
        {
            return default;
        }

        var isLate = _characterLength > 1;
        _characterLength = 0;
        return status == OperationStatus.Done ? (Key.Text, character)
            // The byte may begin the next character.
            : isLate ? Character(value)
            : default;
    }
}
